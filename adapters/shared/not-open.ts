import { type Failure, permanent, temporary } from '../../domain/failure.ts';
import { codeOf } from './failing.ts';

/** Why an endpoint cannot be opened, and what to do. */
export const whyNotOpen =
  (where: string) =>
  (error: unknown): Failure => {
    const code = codeOf(error);
    if (code === 'EADDRINUSE')
      return temporary('addressInUse', `${where}: the port is in use; end the other program or choose another port`);
    if (code === 'EACCES')
      return permanent(
        'notPermitted',
        `${where}: not permitted; grant CAP_NET_BIND_SERVICE or choose a port above 1023`,
      );
    return permanent('cannotListen', `${where}: ${error instanceof Error ? error.message : 'cannot listen'}`);
  };
