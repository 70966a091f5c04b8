import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { activityIn } from './outlook.js';
import type { CertificateStatus } from './snapshot.js';
import { durationText, positionIn, type TimeSpan } from './time-scale.js';

const COLUMNS = 120;
const HEIGHT = 96;

interface ActivityPlotProps {
  readonly certificates: ReadonlyMap<string, CertificateStatus>;
  readonly span: TimeSpan;
  readonly now: number;
}

/** How many certificates were issued when, and how many are to be refreshed when: whether load is spread. */
export function ActivityPlot({ certificates, span, now }: ActivityPlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const { starts, issued, refreshes } = activityIn(certificates.values(), span, COLUMNS, now);
  const highest = Math.max(...issued, ...refreshes);

  useEffect(() => {
    const element = frame.current!;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element, span), [[], [], []], element);
      plot.current.setData([[...starts], [...issued], [...refreshes]]);
    };
    draw();
    // Colours are drawn, not styled: they follow the theme by being drawn anew.
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', draw);
    const sizes = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    sizes.observe(element);
    return () => {
      themes.disconnect();
      system.removeEventListener('change', draw);
      sizes.disconnect();
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.batch(() => {
      plot.current!.setData([[...starts], [...issued], [...refreshes]], false);
      plot.current!.setScale('x', { min: span.from, max: span.to });
      plot.current!.setScale('y', { min: 0, max: Math.max(1, highest) });
    });
  }, [certificates, span, now]);

  return (
    <div class="lane-row plot">
      <ul class="legend">
        <li>
          <i class="swatch valid" /> issued
        </li>
        <li>
          <i class="swatch window" /> to be refreshed
        </li>
      </ul>
      <div class="lane">
        <div
          ref={frame}
          role="img"
          aria-label={`Certificates issued and to be refreshed over time; ${highest} at most in one of ${COLUMNS} columns`}
        />
        <span class="now" style={{ left: `${positionIn(span, now)}%` }} aria-hidden="true" />
      </div>
      <span class="lane-next">
        up to {highest.toLocaleString('en')} in {durationText((span.to - span.from) / COLUMNS)}
      </span>
    </div>
  );
}

function options(element: Element, { from, to }: TimeSpan): uPlot.Options {
  const colour = (name: string): string => {
    const probe = element.closest('.plot')!.querySelector(`.swatch.${name}`)!;
    return getComputedStyle(probe).backgroundColor;
  };
  const bars = uPlot.paths.bars!({ size: [0.8, 12, 1] });
  const series = (label: string, name: string): uPlot.Series => ({
    label,
    paths: bars,
    fill: colour(name),
    stroke: colour(name),
    width: 0,
    points: { show: false },
  });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [4, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: { x: { time: false, range: (_plot, min, max) => [min, max], min: from, max: to }, y: {} },
    series: [{}, series('issued', 'valid'), series('to be refreshed', 'window')],
  };
}
