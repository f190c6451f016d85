import { hierarchy, partition } from 'd3-hierarchy';
import type { Frame } from './frames.ts';
import type { Box } from './picture.ts';

/** What is narrower cannot be seen. */
const LEAST_SHARE = 0.003;

/** Boxes for a function and all that it calls, the longest first. */
export function layOut(root: Frame): Box[] {
  const tree = hierarchy(root, ({ children }) => children.values())
    .sum(({ samples }) => samples)
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const whole = tree.value || 1;
  return partition<Frame>()(tree)
    .descendants()
    .map(({ data, x0, x1, depth }) => ({
      ...{ frame: data, left: x0, share: x1 - x0, depth },
      ownShare: data.samples / whole,
    }))
    .filter(({ share }) => share >= LEAST_SHARE);
}
