/** Whose data is shown: the server's own tenant unless the address names another. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from 'react-aria-components/Button';
import { Dialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { Untrusted } from '../untrusted/untrusted.tsx';
import { Icon } from './icons.tsx';

export function TenantChoice() {
  const { tenant } = useSearch({ strict: false });
  const [open, setOpen] = useState(false);
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
          <TenantForm tenant={tenant} onDone={() => setOpen(false)} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

interface TenantFormProps {
  readonly tenant: string | undefined;
  readonly onDone: () => void;
}

function TenantForm({ tenant, onDone }: TenantFormProps) {
  const navigate = useNavigate();
  const [text, setText] = useState(tenant ?? '');
  const choose = (name: string) => {
    onDone();
    // Filters and open panels name things of the tenant that is left, so they are left too.
    void navigate({ to: '/alerts', search: { tenant: name === '' ? undefined : name } });
  };
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
