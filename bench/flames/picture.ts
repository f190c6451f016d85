import { ANONYMOUS, type Frame } from './frames.ts';
import { type Owner, ownerName, owners, packageOf } from './owners.ts';

/** A function as a box: as wide as its share of the samples, above who calls it. */
export interface Box {
  frame: Frame;
  /** From 0 to 1. */
  left: number;
  share: number;
  /** Without what it calls. */
  ownShare: number;
  /** Calls below it. */
  depth: number;
}

export interface Picture {
  title: string;
  /** What was done meanwhile, and how many samples there are of it. */
  subtitle: string;
  boxes: readonly Box[];
  /** Whole percents of the samples, together a hundred. */
  shares: ReadonlyMap<Owner, number>;
}

const WIDTH = 1200;
const MARGIN = 24;
const INNER = WIDTH - 2 * MARGIN;
const ROW = 18;
const BAR_TOP = 76;
const LEGEND_TOP = 112;
const LEGEND_ROW = 22;
const COLUMNS = 5;
const GRAPH_TOP = LEGEND_TOP + 2 * LEGEND_ROW + 18;
const FOOT = 52;
/** Of a letter, in the widest of the fonts. */
const LETTER = 6.65;
const PADDING = 5;
const LEAST_LETTERS = 4;

/** Fills in the light and in the dark. What is written on them has a contrast of 4.5 or more. */
const COLOURS: Record<Owner, readonly [light: string, dark: string]> = {
  assay: ['#5fc4d2', '#0b7285'],
  graphql: ['#f2a5cd', '#9d3a76'],
  orm: ['#f3c766', '#8a6209'],
  pg: ['#93b9f3', '#2c5fae'],
  queue: ['#bda9f0', '#6547b5'],
  gate: ['#9bd3a0', '#2d7739'],
  others: ['#d8c7ab', '#75603f'],
  node: ['#c6ced8', '#475569'],
  native: ['#efb1a0', '#98493a'],
};

const STYLE = [
  'text{font:11px ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace;fill:#0f172a}',
  '.head text{font-family:ui-sans-serif,system-ui,"Segoe UI","DejaVu Sans",sans-serif;font-size:13px}',
  '.head .title{font-size:19px;font-weight:650}.head .soft{fill:#475569}.head .share{font-weight:650}',
  '.ground{fill:#f8fafc}.flames text{pointer-events:none}.place{opacity:.7}',
  ...owners.map((owner) => `.${owner}{fill:${COLOURS[owner][0]}}`),
  '@media(prefers-color-scheme:dark){text{fill:#f8fafc}.head .soft{fill:#a3b1c4}.ground{fill:#0f172a}.place{opacity:.88}',
  ...owners.map((owner) => `.${owner}{fill:${COLOURS[owner][1]}}`),
  '}',
].join('');

const FOOTNOTES = [
  'As wide as its share of the samples in which the process did not wait. Above a function is what it called; what takes less than 0.3 % is left out.',
  'PostgreSQL is a process of its own: nothing of its time is in here.',
];

/** A flame graph that stands alone: with a legend, a ground of its own, and a text for each box where one points at it. */
export function draw({ title, subtitle, boxes, shares }: Picture): string {
  const rows = Math.max(...boxes.map(({ depth }) => depth)) + 1;
  const bottom = GRAPH_TOP + rows * ROW;
  const height = bottom + FOOT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="12"/>`,
    '<g class="head">',
    `<text class="title" x="${MARGIN}" y="38">${escapeXml(title)}</text>`,
    `<text class="soft" x="${MARGIN}" y="60">${escapeXml(subtitle)}</text>`,
    ...drawBar(shares),
    ...drawLegend(shares),
    ...FOOTNOTES.map(
      (line, index) => `<text class="soft" x="${MARGIN}" y="${bottom + 22 + 18 * index}">${line}</text>`,
    ),
    '</g>',
    '<g class="flames">',
    ...Array.from({ length: rows }, (_, depth) => drawRow(boxes, depth, bottom - (depth + 1) * ROW)),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** All of the time in one bar, by whose code it was. */
function drawBar(shares: Picture['shares']): string[] {
  let left = MARGIN;
  return owners
    .filter((owner) => shares.get(owner))
    .map((owner) => {
      const width = ((shares.get(owner) ?? 0) / 100) * INNER;
      const bar = `<rect class="${owner}" x="${round(left)}" y="${BAR_TOP}" width="${round(width - 1)}" height="12" rx="2"/>`;
      left += width;
      return bar;
    });
}

function drawLegend(shares: Picture['shares']): string[] {
  return owners
    .filter((owner) => shares.get(owner))
    .map((owner, index) => {
      const x = MARGIN + (index % COLUMNS) * (INNER / COLUMNS);
      const y = LEGEND_TOP + Math.floor(index / COLUMNS) * LEGEND_ROW;
      return (
        `<rect class="${owner}" x="${round(x)}" y="${y - 10}" width="12" height="12" rx="3"/>` +
        `<text x="${round(x + 18)}" y="${y}">${ownerName(owner)} <tspan class="share">${shares.get(owner) ?? 0} %</tspan></text>`
      );
    });
}

function drawRow(boxes: readonly Box[], depth: number, y: number): string {
  const row = boxes.filter((box) => box.depth === depth);
  return `<g transform="translate(${MARGIN} ${round(y)})">\n${row.map(drawBox).join('\n')}\n</g>`;
}

function drawBox({ frame, left, share, ownShare }: Box): string {
  const x = round(left * INNER);
  const width = round(share * INNER - 1);
  const told = `${frame.name}\n${frame.place || ownerName(frame.owner)}\n${percent(share)}, ${percent(ownShare)} in itself`;
  const box = `<rect class="${frame.owner}" x="${x}" width="${width}" height="${ROW - 1}" rx="2"/>`;
  return `<g><title>${escapeXml(told)}</title>${box}${label(frame, x, share * INNER)}</g>`;
}

/** As much of the name as there is room for, and behind it, where there is still more, whose it is; that alone without a name. */
function label({ name, place }: Frame, x: number, width: number): string {
  const letters = Math.floor((width - 2 * PADDING) / LETTER);
  if (letters < LEAST_LETTERS) return '';
  const whose = packageOf(place).replace(/^src\//, '');
  const words = name === ANONYMOUS && whose ? [whose] : [name, whose];
  const [first = '', second = ''] = words;
  const shown = first.length > letters ? `${first.slice(0, letters - 1)}…` : first;
  const hasRoom = second !== '' && first.length + 1 + second.length <= letters;
  const behind = hasRoom ? ` <tspan class="place">${escapeXml(second)}</tspan>` : '';
  return `<text x="${round(x + PADDING)}" y="12.5"${words.length === 1 ? ' class="place"' : ''}>${escapeXml(shown)}${behind}</text>`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const round = (value: number): number => Math.round(value * 10) / 10;

const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
