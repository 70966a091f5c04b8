import { CustomChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { amount, OURS, type Report, type ReportedCase } from '../report.js';
import { duration, octets, times } from '../table.js';
import type { Headline } from './headlines.js';

use([CustomChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer]);

/** Read on white and on black. */
const TEXT = '#7b8088';
const LINES = '#8884';
const WIDTH = 960;
const ROW = 34;
const FONT = 'system-ui, sans-serif';

/** The same implementation has the same colour and form in every chart, so that neither alone has to tell. */
const marks: Readonly<Record<string, readonly [color: string, symbol: string]>> = {
  mayfly: ['#e8710a', 'circle'],
  'node:crypto': ['#2f9e44', 'rect'],
  WebCrypto: ['#1098ad', 'rect'],
  openssl: ['#868e96', 'rect'],
  go: ['#4dabf7', 'triangle'],
  rust: ['#ae3ec9', 'triangle'],
  python: ['#1c7ed6', 'triangle'],
  pkijs: ['#e03131', 'diamond'],
  '@peculiar/x509': ['#f06595', 'diamond'],
  'node-forge': ['#9c6644', 'diamond'],
  jsrsasign: ['#b08900', 'diamond'],
  'the bare signature': ['#2f9e44', 'rect'],
  noble: ['#7950f2', 'diamond'],
};

const markOf = (impl: string): readonly [color: string, symbol: string] =>
  marks[impl] ?? (impl.startsWith(OURS) ? ['#f2b27a', 'circle'] : ['#495057', 'emptyCircle']);

/** Every case of a suite as a row, every implementation as a dot with its interval, on a logarithmic scale; less is better. */
export function suiteChart({ cases }: Report): string {
  const names = [...new Set(cases.map(({ name }) => name))];
  const impls = [...new Set(cases.map(({ impl }) => impl))];
  const inBytes = cases.some((one) => 'bytes' in one);
  return draw(names, impls, {
    xAxis: logarithmic((value) => (inBytes ? octets(value) : duration(value)), ends(cases.map(amount))),
    series: impls.flatMap((impl) => {
      const [color, symbol] = markOf(impl);
      const own = cases.filter((one) => one.impl === impl);
      return [
        {
          ...{ type: 'scatter', name: impl, symbol, symbolSize: 11, itemStyle: { color }, z: impl === OURS ? 4 : 3 },
          data: own.map((one) => [amount(one), one.name]),
        },
        whiskers(impl, color, own.map(whiskerOf)),
      ];
    }),
  });
}

/** Each headline as a row, each peer as a dot where its time stands to Mayfly's; left of the line the peer is faster. */
export function overviewChart(all: readonly Headline[]): string {
  const headlines = all.filter(({ peers }) => peers.length > 0);
  const names = headlines.map(({ job }) => job);
  const points = headlines.flatMap(({ job, peers }) => peers.map(({ impl, ratio }) => ({ job, impl, ratio })));
  const impls = [...new Set(points.map(({ impl }) => impl))];
  return draw(names, impls, {
    xAxis: logarithmic(times, ends(points.map(({ ratio }) => ratio))),
    series: impls.map((impl, i) => {
      const [color, symbol] = markOf(impl);
      return {
        ...{ type: 'scatter', name: impl, symbol, symbolSize: 11, itemStyle: { color } },
        data: points.filter((point) => point.impl === impl).map(({ job, ratio }) => [ratio, job]),
        ...(i === 0 && { markLine: mayflyLine }),
      };
    }),
  });
}

const mayflyLine = {
  silent: true,
  symbol: 'none',
  lineStyle: { color: markOf(OURS)[0], type: 'solid', width: 2 },
  label: { formatter: OURS, color: TEXT },
  data: [{ xAxis: 1 }],
};

/** Powers of ten on either side. */
const ends = (values: readonly number[]): readonly [number, number] => [
  10 ** Math.floor(Math.log10(Math.min(...values) * 0.9)),
  10 ** Math.ceil(Math.log10(Math.max(...values) * 1.1)),
];

/** `0.10 x` as `0.1 x`. */
const withoutZeros = (text: string): string =>
  text.replace(/(\.[1-9]*)0+ /, (_, kept) => (kept === '.' ? ' ' : `${kept} `));

const logarithmic = (formatter: (value: number) => string, [min, max]: readonly [number, number]) => ({
  ...{ type: 'log', min, max, position: 'top' },
  axisLabel: { color: TEXT, formatter: (value: number) => withoutZeros(formatter(value)) },
  splitLine: { lineStyle: { color: LINES } },
});

function draw(rows: readonly string[], impls: readonly string[], option: EChartsCoreOption): string {
  const left = Math.min(330, 24 + 7 * Math.max(...rows.map((row) => row.length)));
  const legendRows = Math.ceil(impls.join('    ').length / 105);
  const height = rows.length * ROW + 84 + legendRows * 22;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: FONT, color: TEXT },
    grid: { left, right: 40, top: 34, bottom: 36 + legendRows * 22 },
    legend: { bottom: 0, data: [...impls], textStyle: { color: TEXT }, itemWidth: 12, itemHeight: 12, itemGap: 26 },
    yAxis: {
      ...{ type: 'category', data: [...rows], inverse: true, axisTick: { show: false } },
      axisLabel: { color: TEXT, width: left - 20, overflow: 'truncate', interval: 0 },
      axisLine: { lineStyle: { color: LINES } },
      splitLine: { show: true, lineStyle: { color: LINES } },
    },
    ...option,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg.replaceAll(/zr\d+-/g, 'zr-')}\n`; // a counter of the process
}

type Whisker = readonly [name: string, low: number, high: number];

const whiskerOf = (one: ReportedCase): Whisker =>
  'bytes' in one
    ? [one.name, one.bytes, one.bytes]
    : [one.name, one.medianLowNs ?? one.medianNs, one.medianHighNs ?? one.medianNs];

const whiskers = (impl: string, color: string, data: readonly Whisker[]) => ({
  ...{
    type: 'custom',
    name: impl,
    itemStyle: { color },
    data: [...data],
    encode: { x: [1, 2], y: 0 },
    z: 2,
    silent: true,
  },
  renderItem: (_: unknown, api: { value(i: number): number; coord(at: readonly number[]): readonly number[] }) => {
    const [low, high] = [1, 2].map((i) => api.coord([api.value(i), api.value(0)]));
    return {
      type: 'line',
      shape: { x1: low![0], y1: low![1], x2: high![0], y2: high![1] },
      style: { stroke: color, lineWidth: 4, opacity: 0.55 },
    };
  },
});
