import { useEffect, useState } from 'preact/hooks';
import { Brand } from '../view/brand.js';
import { Notice } from '../view/notice.js';
import { Tabs } from '../view/tabs.js';
import { ThemeButton } from '../view/theme.js';
import { InspectTab } from './inspect-tab.js';
import { RequestTab } from './request-tab.js';
import { VerifyTab } from './verify-tab.js';

const TABS = ['request', 'inspect', 'verify'] as const;
type TabId = (typeof TABS)[number];

const tabOf = (hash: string): TabId => TABS.find((id) => `#${id}` === hash) ?? 'request';

/** The whole page. */
export function Workbench() {
  const [chosen, setChosen] = useState(() => tabOf(location.hash));
  const [inspected, setInspected] = useState<Uint8Array | string>('');
  useEffect(() => {
    const follow = () => setChosen(tabOf(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const choose = (id: TabId) => {
    history.replaceState(null, '', `#${id}`);
    setChosen(id);
  };
  const inspect = (input: Uint8Array | string) => {
    setInspected(input);
    choose('inspect');
  };
  return (
    <>
      <header class="top">
        <Brand title="Mayfly workbench" />
        <p class="tagline">Keys, requests and certificates. Everything happens in this page; nothing leaves it.</p>
        <ThemeButton />
      </header>
      <main>
        {crypto.subtle === undefined && (
          <Notice kind="bad">
            This page needs cryptography that browsers offer over https and on localhost only. Open it from there, or
            inspect without it.
          </Notice>
        )}
        <Tabs
          label="What to do"
          chosen={chosen}
          onChoose={choose}
          tabs={[
            { id: 'request', title: 'Request', panel: <RequestTab onInspect={inspect} /> },
            { id: 'inspect', title: 'Inspect', panel: <InspectTab input={inspected} onInput={setInspected} /> },
            { id: 'verify', title: 'Verify', panel: <VerifyTab onInspect={inspect} /> },
          ]}
        />
      </main>
    </>
  );
}
