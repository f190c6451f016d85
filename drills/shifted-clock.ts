// Loaded into a process and each of its threads before anything else: their clock is CLOCK_SHIFT_MS ahead, or behind. What
// measures time (`performance`, timers) goes on as it is, as on a machine whose clock is set wrong.

const shiftMs = Number(process.env.CLOCK_SHIFT_MS ?? 0);
const now = () => RealDate.now() + shiftMs;
const RealDate = Date;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
RealDate.prototype.constructor = globalThis.Date;
