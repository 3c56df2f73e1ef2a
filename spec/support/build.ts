/** Compiles the program, the wire server and the simulation once before the tests: servers run as processes, and worker threads load compiled files. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export default (): void => {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.test.json'], {
    cwd: root,
    stdio: 'inherit',
  });
};
