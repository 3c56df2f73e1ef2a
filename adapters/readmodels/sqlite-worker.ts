/** The read models' thread: owns the databases. */
import { workerData } from 'node:worker_threads';
import { serveCalls } from '../shared/worker.ts';
import { modelFiles } from './files.ts';
import type { ModelRequest, ModelResponse, ModelWorkerData } from './protocol.ts';

const files = modelFiles(workerData as ModelWorkerData);

serveCalls<null, ModelRequest, ModelResponse>({ ready: null, handle: files.answer, close: files.close });
