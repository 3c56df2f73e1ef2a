/**
 * Places at which a test may have this process killed, as a power cut would end it: before and after everything that
 * makes data durable or tells somebody of it. Armed from outside by `SALLYPORT_FAULT=<name>@<n>`; nothing otherwise.
 */

/** Every place, by name. `before` it was not done yet, `after` it was. */
export const faultPoints = [
  'payload.fsync.before',
  'payload.fsync.after',
  'payload.link.before',
  'payload.link.after',
  'payload.unlink.before',
  'payload.unlink.after',
  'payload.directory.before',
  'payload.directory.after',
  'payload.shard.before',
  'payload.shard.after',
  'payload.remove.before',
  'payload.remove.after',
  'payload.scatter.before',
  'payload.scatter.after',
  'payload.datasync.before',
  'payload.datasync.after',
  'payload.keep.before',
  'payload.keep.after',
  'payload.kept.before',
  'payload.kept.after',
  'delivery.fsync.before',
  'delivery.fsync.after',
  'delivery.prepared.before',
  'delivery.prepared.after',
  'delivery.link.before',
  'delivery.link.after',
  'delivery.unlink.before',
  'delivery.unlink.after',
  'delivery.directory.before',
  'delivery.directory.after',
  'outbox.aside.before',
  'outbox.aside.after',
  'outbox.unlink.before',
  'outbox.unlink.after',
  'disk.reserve.before',
  'disk.reserve.after',
  'database.directory.before',
  'database.directory.after',
  'log.commit.before',
  'log.commit.after',
  'log.answer.before',
  'log.answer.after',
  'log.checkpoint.before',
  'log.checkpoint.after',
  'model.commit.before',
  'model.commit.after',
  'message.ask.before',
  'message.ask.after',
  'message.answer.before',
  'message.answer.after',
  'message.payload.before',
  'message.payload.after',
  'fetch.ask.before',
  'fetch.ask.after',
  'channels.take.before',
  'channels.take.after',
  'reply.before',
  'reply.after',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

/** What a process does at its fault points. Refuses (throws) a setting that names none: such a test would show nothing. */
export const faultPointsFor = (setting: string | undefined, kill: () => void): ((name: FaultPoint) => void) => {
  if (setting === undefined) return () => undefined;
  const [, name, count] = /^([a-z.]+)@(\d{1,9})$/.exec(setting) ?? [];
  const armed = faultPoints.find((each) => each === name);
  if (armed === undefined || Number(count) < 1)
    throw new Error(`SALLYPORT_FAULT is "${setting}"; write <name>@<n>, with a name of adapters/shared/fault-point.ts`);
  let left = Number(count);
  return (here) => {
    if (here !== armed) return;
    left -= 1;
    if (left === 0) kill();
  };
};

/** Passes a fault point. Each thread counts its own. */
export const faultPoint = faultPointsFor(process.env.SALLYPORT_FAULT, () => process.kill(process.pid, 'SIGKILL'));
