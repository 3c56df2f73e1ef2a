/** Every event that is recorded, by its type: the schemas of all vocabularies in one. */
import type { z } from 'zod';
import { chainVocabulary } from '../../domain/chain.ts';
import { channelVocabulary, trustVocabulary } from '../../domain/channel.ts';
import { replicationVocabulary } from '../../domain/replication.ts';
import { routeVocabulary } from '../../domain/route.ts';
import { agentVocabulary, runVocabulary } from '../../domain/run.ts';
import { vocabulary } from '../../domain/transfer/vocabulary.ts';
import { uploadVocabulary } from '../../domain/upload.ts';

/** Schemas by event type. */
export type Schemas = Readonly<Record<string, z.ZodType>>;

/** The vocabularies by the names that they have in `domain/`. */
export const vocabularies: Readonly<Record<string, Schemas>> = {
  ...{ vocabulary, uploadVocabulary, runVocabulary, agentVocabulary },
  ...{ channelVocabulary, trustVocabulary, replicationVocabulary, routeVocabulary, chainVocabulary },
};

/** All of their events. */
export const schemas: Schemas = Object.assign({}, ...Object.values(vocabularies)) as Schemas;
