/** Converts a Sigma rule file, as analysts and the community write them, to one of our rules. Pure. */
import { z } from 'zod';
import type { Requirement } from '../model/detection.ts';
import { compileKnown } from '../kinds/selection.ts';
import { AgentEventField } from '../model/literals.ts';
import type { CompiledSigma } from '../sigma/compile.ts';
import { SigmaError } from '../sigma/sigma-error.ts';
import { partialView } from '../sigma/view.ts';

const SigmaFile = z.looseObject({
  title: z.string().trim().min(1),
  id: z.string().optional(),
  status: z.string().default('test'),
  level: z.enum(['informational', 'low', 'medium', 'high', 'critical']).default('medium'),
  description: z.string().default(''),
  falsepositives: z.union([z.string(), z.array(z.unknown())]).optional(),
  references: z.array(z.unknown()).default([]),
  tags: z.array(z.string()).default([]),
  logsource: z.looseObject({ category: z.string().optional() }),
  detection: z.record(z.string(), z.unknown()),
});

/** File and network rules also see the effects of commands. */
const FILE: Requirement = ['filePath', 'commandLine'];
const NETWORK: Requirement = ['networkHost', 'commandLine'];

/** For each Sigma category, a field that its events must have. */
const REQUIRED: Readonly<Record<string, Requirement>> = {
  process_creation: 'commandLine',
  file_access: FILE,
  file_change: FILE,
  file_delete: FILE,
  file_event: FILE,
  file_rename: FILE,
  network_connection: NETWORK,
  dns_query: NETWORK,
};

const MAX_REQUIRED = 16;

const TEXT_LENGTH = 2000;

export function isSigmaFile(written: unknown): written is object {
  return typeof written === 'object' && written !== null && 'logsource' in written && !('kind' in written);
}

/** @throws SigmaError when the file needs data that agents' events do not have, or is not a Sigma rule */
export function ruleOfSigmaFile(written: object): object {
  if ('correlation' in written) throw new SigmaError('correlation', 'correlation rules are not supported');
  const parsed = SigmaFile.safeParse(written);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SigmaError(issue?.path.join('.') ?? '', issue?.message ?? 'not a Sigma rule');
  }
  const { title, id, status, level, description, falsepositives, references, tags, logsource, detection } = parsed.data;
  const required = REQUIRED[logsource.category ?? ''];
  if (required === undefined) {
    const known = Object.keys(REQUIRED).join(', ');
    throw new SigmaError('logsource.category', `agents do not export this kind of event; supported are ${known}`);
  }
  const stated = [falsepositives ?? []]
    .flat()
    .map(String)
    .filter((text) => text.trim() !== '');
  return {
    id: id?.toLowerCase() ?? slug(title),
    title: title.slice(0, 256),
    status,
    severity: level,
    description: (description.trim() === '' ? title : description).slice(0, TEXT_LENGTH),
    falsePositives: stated.length === 0 ? ['The rule lists none'] : stated.slice(0, 32),
    blindSpots: ['The rule was written for another log source, so fields that agents do not export are not matched'],
    triage: ['Is this part of the task that the agent was given?'],
    attack: tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase() ?? []).slice(0, 32),
    references: references.filter((reference) => z.url().safeParse(reference).success).slice(0, 32),
    requires: [required, ...impliedBy(compileKnown(detection))].slice(0, MAX_REQUIRED),
    kind: 'match',
    sigma: detection,
    group: { by: required === 'commandLine' ? ['actor', 'normalisedCommand'] : ['actor'], for: '6h' },
  };
}

/**
 * Returns the fields without which nothing can match. A field that only a filter or an alternative names is not
 * included.
 */
function impliedBy(sigma: CompiledSigma): readonly AgentEventField[] {
  return AgentEventField.options.filter(
    (field) => sigma.fields.includes(field) && sigma.verdict(partialView(new Map([[field, undefined]]))) === false,
  );
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64);
}
