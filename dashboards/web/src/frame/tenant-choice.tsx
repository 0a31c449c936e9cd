/** Selects the tenant whose data is shown: the server's own, unless the address names another. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import type { SignInState } from '../../../../schemas/api/sign-in.ts';
import { signInQuery } from '../api/sign-in.ts';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { Icon } from '../controls/icons.tsx';

export function TenantChoice() {
  const { tenant } = useSearch({ strict: false });
  const [open, setOpen] = useState(false);
  const { data: signedIn } = useQuery(signInQuery());
  const limits = limitsOf(signedIn);
  // There is only one tenant to choose from.
  if (limits?.length === 1 && tenant === undefined) return null;
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <Button className="rail-link" aria-label={`Tenant: ${tenant ?? 'the server’s own'}. Press to change.`}>
        <Icon name="tenant" />
        <span className="rail-text">
          {tenant === undefined ? 'Tenant' : <Untrusted text={tenant} limit={12} fixed />}
        </span>
      </Button>
      <Popover className="popover" placement="right bottom">
        <Dialog className="dialog small" aria-label="Tenant">
          <TenantForm tenant={tenant} limits={limits} onDone={() => setOpen(false)} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

/** The tenants that the signed-in user may read, their own first; undefined for any. */
function limitsOf(state: SignInState | undefined): readonly string[] | undefined {
  if (state?.state !== 'signed_in' || state.reads.includes('*')) return undefined;
  return [state.tenant, ...state.reads];
}

interface TenantFormProps {
  readonly tenant: string | undefined;
  readonly limits: readonly string[] | undefined;
  readonly onDone: () => void;
}

function TenantForm({ tenant, limits, onDone }: TenantFormProps) {
  const navigate = useNavigate();
  const [text, setText] = useState(tenant ?? '');
  const choose = (name: string) => {
    onDone();
    // Filters and open panels belong to the previous tenant, so they are reset too.
    void navigate({ to: '/alerts', search: { tenant: name === '' ? undefined : name } });
  };
  if (limits !== undefined)
    return (
      <div className="form">
        <p>Your token reads:</p>
        <div className="actions">
          {limits.map((name, index) => (
            <button key={name} type="button" className="button" onClick={() => choose(index === 0 ? '' : name)}>
              <Untrusted text={name} limit={64} />
            </button>
          ))}
        </div>
      </div>
    );
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        choose(text.trim());
      }}
    >
      <label>
        Tenant
        <input
          autoFocus
          className="input"
          value={text}
          maxLength={256}
          placeholder="the server’s own"
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <div className="actions">
        <button type="submit" className="button primary">
          Show
        </button>
        <button type="button" className="button" onClick={() => choose('')}>
          The server’s own
        </button>
        <button type="button" className="button" onClick={() => choose('demo')}>
          demo
        </button>
      </div>
    </form>
  );
}
