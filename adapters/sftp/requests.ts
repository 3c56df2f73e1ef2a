/**
 * The order in which requests are worked on. To the client it looks as if they ran one after the other: those of one
 * handle do, and one that concerns names waits for all before it. Others overlap, so that a file being made durable
 * does not hold up the next one.
 */

/** A bounded worker for the requests of one channel. */
export type Requests = {
  /** `lane` is the handle concerned; undefined waits for everything before. `run` must not reject. */
  readonly submit: (lane: number | undefined, run: () => Promise<void>) => void;
  /** Looks whether more can be started. */
  readonly pump: () => void;
  readonly waiting: () => number;
  readonly running: () => number;
  /** Resolves when nothing runs and nothing waits. */
  readonly idle: () => Promise<void>;
  /** Drops what has not been started. */
  readonly stop: () => void;
};

type Request = { readonly lane: number | undefined; readonly run: () => Promise<void> };
/** Each may hold a READ of 256 KiB in memory before it is sent. */
const mostRunning = 16;

/** `canStart` holds back what waits; `onFinished` is called after each request. */
export const requests = (canStart: () => boolean, onFinished: () => void): Requests => {
  let queue: Request[] = [];
  let head = 0;
  let stopped = false;
  let onIdle: (() => void)[] = [];
  const running = new Set<Promise<void>>();
  const lanes = new Map<number, Promise<void>>();

  const take = (): Request | undefined => {
    const next = queue[head];
    head += 1;
    if (head >= queue.length || head > 1024) {
      queue = queue.slice(head);
      head = 0;
    }
    return next;
  };

  const start = ({ lane, run }: Request): void => {
    const before = lane === undefined ? Promise.all(running) : lanes.get(lane);
    const task = (before === undefined ? run() : before.then(run)).then(() => {
      running.delete(task);
      if (lane !== undefined && lanes.get(lane) === task) lanes.delete(lane);
      onFinished();
      pump();
    });
    running.add(task);
    if (lane !== undefined) lanes.set(lane, task);
  };

  const pump = (): void => {
    while (!stopped && queue.length > head && running.size < mostRunning && canStart()) {
      const next = take();
      if (next !== undefined) start(next);
    }
    if (running.size > 0 || queue.length > head) return;
    const callbacks = onIdle;
    onIdle = [];
    for (const callback of callbacks) callback();
  };

  return {
    submit: (lane, run) => {
      if (stopped) return;
      queue.push({ lane, run });
      pump();
    },
    pump,
    waiting: () => queue.length - head,
    running: () => running.size,
    idle: () =>
      new Promise((resolve) => {
        onIdle.push(resolve);
        pump();
      }),
    stop: () => {
      stopped = true;
      queue = [];
      head = 0;
      pump();
    },
  };
};
