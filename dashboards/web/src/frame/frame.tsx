/** The frame around every screen: the navigation rail, the tenant, the zone and the keys. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useRef, useState, type MouseEvent } from 'react';
import { Button } from 'react-aria-components/Button';
import { changeReader, signInQuery, signOut } from '../api/sign-in.ts';
import { KeyHelp } from './key-help.tsx';
import { useKeys } from './keys.ts';
import { Icon } from '../controls/icons.tsx';
import { useNow, useZone, zoneName } from './preferences.tsx';
import { TenantChoice } from './tenant-choice.tsx';

/** `g a` is two keys; the second must follow within this time. */
const CHORD_MS = 1_000;

/** The address contains the screen's own state, so this moves the focus without setting a fragment. */
function skipToMain(event: MouseEvent) {
  event.preventDefault();
  const main = document.querySelector('main');
  if (main === null) return;
  main.tabIndex = -1;
  main.focus();
}

export function Frame() {
  const navigate = useNavigate();
  const { toggle } = useZone();
  const [helping, setHelping] = useState(false);
  const chordAt = useRef(0);
  const inChord = () => Date.now() - chordAt.current < CHORD_MS;
  useKeys({
    u: toggle,
    '?': () => setHelping(true),
    g: () => {
      chordAt.current = Date.now();
    },
    a: () => {
      if (inChord()) void navigate({ to: '/alerts' });
    },
    s: () => {
      if (inChord()) void navigate({ to: '/sessions' });
    },
  });
  return (
    <div className="frame">
      <a className="skip-link" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <nav className="rail" aria-label="Screens">
        <Link to="/alerts" className="brand" aria-label="Vigil, to the alerts">
          <img src="/vigil.svg" alt="" width="28" height="28" />
        </Link>
        <Link to="/alerts" className="rail-link" activeOptions={{ includeSearch: false }}>
          <Icon name="alert" />
          <span>Alerts</span>
        </Link>
        <Link to="/sessions" className="rail-link" activeOptions={{ includeSearch: false }}>
          <Icon name="sessions" />
          <span>Sessions</span>
        </Link>
        <div className="rail-foot">
          <TenantChoice />
          <ZoneButton />
          <Button className="rail-link" onPress={() => setHelping(true)} aria-label="Keys">
            <Icon name="keys" />
            <span>Keys</span>
          </Button>
          <SignOut />
        </div>
      </nav>
      <Outlet />
      <KeyHelp open={helping} onOpenChange={setHelping} />
    </div>
  );
}

/** Only shown to users who have signed in. */
function SignOut() {
  const queries = useQueryClient();
  const { data } = useQuery(signInQuery());
  if (data?.state !== 'signed_in') return null;
  const leave = async () => changeReader(queries, await signOut());
  return (
    <Button
      className="rail-link"
      aria-label={`Sign out: ${data.sender}`}
      onPress={() => {
        // If signing out failed, nothing has changed, and the gate checks the state again.
        leave().catch(() => void queries.invalidateQueries(signInQuery()));
      }}
    >
      <Icon name="leave" />
      <span>Sign out</span>
    </Button>
  );
}

function ZoneButton() {
  const { zone, toggle } = useZone();
  const now = useNow();
  const name = zoneName(zone, now);
  const short = name === 'UTC' ? 'UTC' : (name.split(', ')[1] ?? name).replace(':00', '').replace(/([+-])0/, '$1');
  return (
    <Button
      className="rail-link"
      onPress={toggle}
      aria-label={`Times in ${name}. Press to switch between UTC and your zone.`}
    >
      <Icon name="clock" />
      <span>{short}</span>
    </Button>
  );
}
