import { expect, test } from 'vitest';
import type { Frame } from '../../../bench/flames/frames.ts';
import { draw } from '../../../bench/flames/picture.ts';

const frame = (name: string, place: string): Frame => ({
  name,
  place,
  owner: 'assay',
  samples: 1,
  children: new Map(),
});
const box = { left: 0, share: 1, ownShare: 0.25, depth: 0 };

test('a box tells its name, its place and its shares, whatever signs are in them', () => {
  const boxes = [{ ...box, frame: frame('<static & "lazy">', 'src/lifecycle/submit.ts') }];
  const svg = draw({ title: 'submit: API', subtitle: '', boxes, shares: new Map([['assay', 100]]) });
  expect(svg).toContain(
    '&#60;static &#38; &#34;lazy&#34;&#62;\nsrc/lifecycle/submit.ts\n100.0 %, 25.0 % in itself</title>',
  );
});

test('a name stays within its box', () => {
  const boxes = [0.5, 0.05, 0.01].map((share, depth) => ({
    ...box,
    share,
    depth,
    frame: frame('readNextPage', 'pg/x.js'),
  }));
  const svg = draw({ title: '', subtitle: '', boxes, shares: new Map() });
  const written = [...(svg.split('class="flames"')[1]?.matchAll(/<text[^>]*>(.*?)<\/text>/g) ?? [])].map(
    ([, text]) => text,
  );
  expect(written).toEqual(['readNextPage <tspan class="place">pg</tspan>', 'readNe…']);
});
