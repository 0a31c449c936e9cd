/** The viewer's time zone: their own or UTC, stored in the browser, and switched with one key. */
import { createContext, useCallback, useContext, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';
import {
  UTC,
  formatAgo,
  formatBrief,
  formatClock,
  formatInstant,
  instantTitle,
  offsetOf,
  type Zone,
} from '../format/time.ts';

interface ZoneChoice {
  readonly zone: Zone;
  readonly toggle: () => void;
}

const KEY = 'vigil.zone';
const ownZone = (): Zone => new Intl.DateTimeFormat().resolvedOptions().timeZone;
const Context = createContext<ZoneChoice>({ zone: UTC, toggle: () => undefined });

/** Storage may be disabled; then the choice lasts until the page is closed. */
function remembered(): boolean {
  try {
    return localStorage.getItem(KEY) === 'utc';
  } catch {
    return false;
  }
}

export function ZoneProvider({ children }: { readonly children: ReactNode }) {
  const [utc, setUtc] = useState(remembered);
  const toggle = useCallback(() => {
    setUtc((now) => {
      try {
        localStorage.setItem(KEY, now ? 'own' : 'utc');
      } catch {
        // The choice applies to this page only.
      }
      return !now;
    });
  }, []);
  const choice = useMemo(() => ({ zone: utc ? UTC : ownZone(), toggle }), [utc, toggle]);
  return <Context value={choice}>{children}</Context>;
}

export const useZone = (): ZoneChoice => useContext(Context);

/** `Europe/Berlin, UTC+01:00`, or only `UTC`. */
export function zoneName(zone: Zone, at: number): string {
  const offset = offsetOf(at, zone);
  return zone === UTC || zone === 'Etc/UTC' ? 'UTC' : `${zone.replaceAll('_', ' ')}, ${offset}`;
}

const TICK_MS = 30_000;
let present = Date.now();
function subscribe(onTick: () => void): () => void {
  const timer = window.setInterval(() => {
    present = Date.now();
    onTick();
  }, TICK_MS);
  return () => window.clearInterval(timer);
}
/** The current time, updated often enough for "4 min ago". */
export const useNow = (): number => useSyncExternalStore(subscribe, () => present);

export interface TimeProps {
  readonly at: number;
  /** `instant` is precise to the second, `exact` to the millisecond; hovering always shows milliseconds. */
  readonly as?: 'brief' | 'clock' | 'millisecond' | 'instant' | 'exact' | 'ago';
}

/** An instant; hovering shows it in full in both zones. */
export function Time({ at, as = 'brief' }: TimeProps) {
  const { zone } = useZone();
  const now = useNow();
  const text = {
    brief: () => formatBrief(at, zone, now),
    clock: () => formatClock(at, zone),
    millisecond: () => formatClock(at, zone, 'millisecond'),
    instant: () => formatInstant(at, zone, 'second'),
    exact: () => formatInstant(at, zone),
    ago: () => formatAgo(at, now),
  }[as]();
  return (
    <time dateTime={new Date(at).toISOString()} title={instantTitle(at, zone)}>
      {text}
    </time>
  );
}
