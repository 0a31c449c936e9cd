/** What a client may do. A route names the one right it needs; a client's use gives it some of them. */

export const RIGHTS = [
  'telemetry.write',
  'events.read',
  'alerts.read',
  'alerts.triage',
  'detections.write',
  'reports.read',
  'personal.unmask',
  'audit.read',
  'settings.write',
  'metrics.read',
] as const;

export type Right = (typeof RIGHTS)[number];
