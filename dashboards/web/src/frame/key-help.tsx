/** The list of keys, shown over any screen. */
import { Button } from 'react-aria-components/Button';
import { Dialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { Icon } from '../controls/icons.tsx';
import { KEY_HELP } from './keys.ts';

export interface KeyHelpProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function KeyHelp({ open, onOpenChange }: KeyHelpProps) {
  return (
    <ModalOverlay className="veil" isDismissable isOpen={open} onOpenChange={onOpenChange}>
      <Modal className="modal">
        <Dialog className="dialog">
          <div className="dialog-head">
            <Heading slot="title">Keys</Heading>
            <Button slot="close" className="icon-button" aria-label="Close">
              <Icon name="close" />
            </Button>
          </div>
          <dl className="keys">
            {KEY_HELP.map(([keys, what]) => (
              <div key={keys}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
