/** How far the spool is written, published, and written down as published. */
import { SEQUENCE_STEP } from './segments/segment-list.ts';

export interface Position {
  /** Sequence of the next entry. */
  readonly next: () => number;
  /** Everything up to here is on the bus, refused or lost. */
  readonly published: () => number;
  readonly publishedTo: (sequence: number) => void;
  /** A commit is on disk: entries up to before `next` are written, and `published` is written down. */
  readonly written: (next: number, published: number) => void;
  readonly hasUnpublished: () => boolean;
  /** Whether the next commit has a new published sequence to write. */
  readonly isUnsaved: () => boolean;
}

export function createPosition(begin: { readonly nextSequence: number; readonly publishedSequence: number }): Position {
  let next = begin.nextSequence;
  let published = begin.publishedSequence;
  let saved = published;
  return {
    next: () => next,
    published: () => published,
    publishedTo: (sequence) => void (published = sequence),
    written: (sequence, publishedThen) => {
      next = sequence;
      saved = publishedThen;
    },
    hasUnpublished: () => published < next - SEQUENCE_STEP,
    isUnsaved: () => published !== saved,
  };
}
