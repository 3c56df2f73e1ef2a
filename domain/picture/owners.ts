import type { Role } from '../role.ts';
import type { EventType } from '../transfer/vocabulary.ts';

/** Who owns which state, and which events are told to the other server: what is taken here from actors/roles.ts. */
export type Owners = {
  readonly roles: readonly {
    readonly scenario: string;
    readonly state: string;
    readonly owner: Role;
    readonly step: string;
  }[];
  readonly travels: (scenario: string, event: EventType) => boolean;
};

/** The owner of a state and the step that leads on from there; undefined for an end, and beside the path. */
export const rowOf = ({ roles }: Owners, scenario: string, state: string): Owners['roles'][number] | undefined =>
  roles.find((row) => row.scenario === scenario && row.state === state);
