/** An inner without a dmz: what of its config can then not be done. */
import { needsDmz, type Response } from './profile.ts';

type Settings = {
  readonly messageService: { readonly peers: readonly unknown[] };
  readonly ignoreDmzSettings: boolean;
  readonly profiles: readonly { readonly agent?: object | undefined; readonly responses: readonly Response[] }[];
};

const paths = ({ messageService: { peers }, profiles }: Settings): readonly string[] =>
  peers.length > 0
    ? []
    : profiles.flatMap(({ agent, responses }, i) => [
        ...(agent === undefined ? [] : [`profiles[${i}].agent`]),
        ...responses.flatMap((each, j) => (needsDmz(each) ? [`profiles[${i}].responses[${j}]`] : [])),
      ]);

/** What needs a dmz where none is configured; nothing where that is to be ignored. */
export const missingDmz = (config: Settings): readonly { readonly path: string; readonly problem: string }[] => {
  const problem = 'it needs a dmz, and messageService.peers names none; `ignoreDmzSettings: true` lets it wait for one';
  return config.ignoreDmzSettings ? [] : paths(config).map((path) => ({ path, problem }));
};

/** The same where it is to be ignored: such work waits, and never goes another way. */
export const waitingForDmz = (config: Settings): readonly { readonly path: string; readonly problem: string }[] => {
  const problem = 'it needs a dmz, and messageService.peers names none: it waits until one is there';
  return config.ignoreDmzSettings ? paths(config).map((path) => ({ path, problem })) : [];
};
