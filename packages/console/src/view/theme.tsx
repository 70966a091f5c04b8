import { useState } from 'preact/hooks';

type Theme = 'system' | 'light' | 'dark';

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const KEY = 'mayfly-theme';

/** Chooses between the colours of the system, light and dark ones. */
export function ThemeButton() {
  const [theme, setTheme] = useState(() => apply(remembered()));
  const choose = () => {
    const next = apply(NEXT[theme]);
    remember(next);
    setTheme(next);
  };
  return (
    <button type="button" class="quiet" onClick={choose} title="System, light or dark colours">
      Colours: {theme}
    </button>
  );
}

function apply(theme: Theme): Theme {
  document.documentElement.dataset['theme'] = theme;
  return theme;
}

function remembered(): Theme {
  try {
    const found = localStorage.getItem(KEY);
    return found === 'light' || found === 'dark' ? found : 'system';
  } catch {
    return 'system'; // storage is closed to this page; the choice lasts as long as the page
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // as above
  }
}
