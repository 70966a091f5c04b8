import { type Case, type Measurement, measure } from '../measure.js';
import { type Circumstances, type Effort, type Outcome, type Report, report } from '../report.js';
import { figures, verdict } from '../table.js';

/** A suite as `suites.ts` offers it. */
type Load = () => Promise<{
  readonly outcomes: (
    measure: (aCase: Case) => Promise<readonly Measurement[]>,
    effort: Effort,
  ) => Promise<readonly Outcome[]>;
}>;

/** Slots and milliseconds; browsers make clocks as coarse as 0.1 ms, or 1 ms, so that a sample takes 50 or 5 of those. */
const efforts = {
  quick: { rounds: 3, slotTime: 20, warmUpTime: 100, shortestSample: 5 },
  full: { rounds: 12, slotTime: 60, warmUpTime: 400, shortestSample: 5 },
} as const;

const find = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!; // all stand in page.html
const status = find<HTMLElement>('[role=status]');

/** Times a case without what is node:crypto's, and without slots that are shorter than the clock can tell. */
function timeHere({ name, contenders }: Case, effort: Effort): Promise<readonly Measurement[]> {
  status.textContent = name;
  const here = contenders.filter(({ impl }) => !impl.includes('node:crypto'));
  return measure({ name, contenders: here }, efforts[effort]);
}

async function run(name: string, load: Load, effort: Effort): Promise<Report> {
  const { outcomes } = await load();
  const found = (await outcomes((aCase) => timeHere(aCase, effort), effort)).filter(
    (outcome) => !('reason' in outcome && outcome.impl === 'openssl'),
  );
  return report(name, circumstances(effort), found);
}

const circumstances = (effort: Effort): Circumstances => ({
  ...{ node: navigator.userAgent, cpu: 'unknown to a page', date: new Date().toISOString(), effort },
  ...{ machine: `${navigator.hardwareConcurrency} cores`, versions: {} },
});

function show({ suite, cases, ratios, leftOut = [] }: Report): void {
  const rows = cases.map((one) => {
    const ratio = ratios.find(({ name, peer }) => name === one.name && peer === one.impl)?.ratio;
    return row('td', [one.name, one.impl, ...figures(one), verdict(one, ratio)]);
  });
  const table = document.createElement('table');
  table.createCaption().textContent = suite;
  table.createTHead().append(row('th', ['case', 'implementation', 'median', 'low', 'high', 'p99', 'Mayfly is']));
  table.createTBody().append(...rows, ...leftOut.map(({ name, impl, reason }) => row('td', [name, impl, reason])));
  const scroll = document.createElement('div');
  scroll.className = 'scroll';
  scroll.append(table);
  find('main').append(scroll);
}

function row(kind: 'td' | 'th', texts: readonly string[]): HTMLTableRowElement {
  const made = document.createElement('tr');
  for (const text of texts) made.append(Object.assign(document.createElement(kind), { textContent: text }));
  return made;
}

async function measureChosen(form: HTMLFormElement, suites: Suites): Promise<void> {
  const chosen = new FormData(form);
  const effort = chosen.has('full') ? 'full' : 'quick';
  const reports: Report[] = [];
  find('main').replaceChildren();
  for (const name of chosen.getAll('suite').map(String)) {
    reports.push(await run(name, suites[name]!, effort)); // one that was offered
    show(reports.at(-1)!);
  }
  find('pre').textContent = JSON.stringify(reports, undefined, 2);
  find<HTMLDetailsElement>('details').hidden = false;
  status.textContent = `${reports.length} measured`;
}

type Suites = Readonly<Record<string, Load>>;

/** Offers suites, those of `?suite=parse&suite=sign` or else all chosen, and measures what is chosen when asked to. */
export function startPage(suites: Suites): void {
  const wanted = new URLSearchParams(location.search).getAll('suite');
  for (const name of Object.keys(suites)) {
    const label = document.createElement('label');
    const box = document.createElement('input');
    Object.assign(box, { type: 'checkbox', name: 'suite', value: name });
    box.checked = wanted.length === 0 || wanted.includes(name);
    label.append(box, ` ${name}`);
    find('fieldset').append(label);
  }
  find('form').addEventListener('submit', (event) => {
    event.preventDefault();
    const button = find<HTMLButtonElement>('button');
    button.disabled = true;
    measureChosen(event.target as HTMLFormElement, suites) // of the one form
      .catch((error: unknown) => {
        status.textContent = `Cannot measure: ${error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error)}`;
      })
      .finally(() => {
        button.disabled = false;
      });
  });
}
