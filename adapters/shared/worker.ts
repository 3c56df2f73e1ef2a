/** Worker threads: where their files are, and typed calls to them. Both directions are batched, one post a turn. */
import { parentPort, Worker } from 'node:worker_threads';

type ToWorker<Request> =
  | { readonly kind: 'calls'; readonly calls: readonly (readonly [id: number, request: Request])[] }
  | { readonly kind: 'close' };
type FromWorker<Ready, Response> =
  | { readonly kind: 'ready'; readonly ready: Ready }
  | { readonly kind: 'answers'; readonly answers: readonly (readonly [id: number, response: Response])[] };

/** The compiled file of a worker that lies beside the module `from`; run from sources, it is looked up under dist/. */
export const workerFile = (from: string, name: string): URL => {
  if (!import.meta.url.endsWith('.ts')) return new URL(`./${name}.js`, from);
  const root = new URL('../../', import.meta.url).href;
  return new URL(`dist/${new URL(`./${name}.js`, from).href.slice(root.length)}`, root);
};

/** A running worker. After `close`, or once it has died, every call is rejected. */
type WorkerLink<Request, Response> = {
  readonly call: (request: Request) => Promise<Response>;
  /** Can it still be called? */
  readonly alive: () => boolean;
  /** Lets the calls that were made finish, then ends the thread. */
  readonly close: () => Promise<void>;
};

/**
 * Starts a worker and waits until it serves; rejects with its error where it cannot.
 * When it dies later, every pending call is rejected and `onDeath` is told, once.
 */
export const startWorker = <Ready, Request, Response>(options: {
  readonly file: URL;
  readonly data: unknown;
  readonly onDeath: (error: Error) => void;
}): Promise<{ readonly ready: Ready; readonly link: WorkerLink<Request, Response> }> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(options.file, { workerData: options.data, execArgv: [] });
    const pending = new Map<number, { resolve: (response: Response) => void; reject: (error: Error) => void }>();
    let unsent: (readonly [number, Request])[] = [];
    let state: 'starting' | 'serving' | 'closing' | 'ended' = 'starting';
    let lastId = 0;
    let cause: Error | undefined;
    const ended = new Promise<void>((done) => worker.once('exit', () => done()));

    const post = (message: ToWorker<Request>): void => worker.postMessage(message);
    const send = (): void => {
      const calls = unsent;
      unsent = [];
      if (calls.length > 0 && state !== 'ended') post({ kind: 'calls', calls });
    };
    const link: WorkerLink<Request, Response> = {
      alive: () => state === 'serving',
      call: (request) =>
        new Promise((answer, refuse) => {
          if (state !== 'serving') {
            refuse(new Error('the worker thread has ended'));
            return;
          }
          lastId += 1;
          pending.set(lastId, { resolve: answer, reject: refuse });
          if (unsent.push([lastId, request]) === 1) queueMicrotask(send);
        }),
      close: async () => {
        if (state === 'serving') {
          send();
          state = 'closing';
          post({ kind: 'close' });
        }
        await ended;
      },
    };

    worker.on('message', (message: FromWorker<Ready, Response>) => {
      if (message.kind === 'ready') {
        state = 'serving';
        resolve({ ready: message.ready, link });
        return;
      }
      for (const [id, response] of message.answers) {
        pending.get(id)?.resolve(response);
        pending.delete(id);
      }
    });
    // Answers that were posted before the end are delivered before `exit`, but not always before `error`.
    worker.on('error', (error: Error) => {
      cause = error;
    });
    worker.once('exit', (code) => {
      const error = cause ?? new Error(`the worker thread ended with code ${code}`);
      const before = state;
      state = 'ended';
      for (const call of pending.values()) call.reject(error);
      pending.clear();
      if (before === 'starting') {
        reject(error);
        return;
      }
      if (before === 'serving' || cause !== undefined) options.onDeath(error);
    });
  });

/** The worker's side: answers calls. An error of `handle` is not answered but ends the thread, and with it every call. */
export const serveCalls = <Ready, Request, Response>(service: {
  readonly ready: Ready;
  readonly handle: (request: Request) => Response | Promise<Response>;
  /** Finishes what was asked and lets go of everything. */
  readonly close: () => void;
}): void => {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread only');
  const post = (message: FromWorker<Ready, Response>): void => port.postMessage(message);
  let answers: (readonly [number, Response])[] = [];
  const flush = (): void => {
    const ready = answers;
    answers = [];
    post({ kind: 'answers', answers: ready });
  };
  const serve = async (id: number, request: Request): Promise<void> => {
    const response = await service.handle(request);
    if (answers.push([id, response]) === 1) queueMicrotask(flush);
  };
  port.on('message', (message: ToWorker<Request>) => {
    if (message.kind === 'calls') {
      for (const [id, request] of message.calls) void serve(id, request);
      return;
    }
    service.close();
    // After the microtasks that post the last answers.
    setImmediate(() => port.close());
  });
  post({ kind: 'ready', ready: service.ready });
};
