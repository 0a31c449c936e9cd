/** The end of a list: more rows are loading, an error with a retry button, or no more rows. */
import { Button } from 'react-aria-components/Button';

export interface ListEndProps {
  readonly what: string;
  readonly hasMore: boolean;
  readonly error: Error | undefined;
  readonly onMore: () => void;
}

export function ListEnd({ what, hasMore, error, onMore }: ListEndProps) {
  if (error !== undefined)
    return (
      <p className="list-end" role="alert">
        Older {what} could not be loaded.{' '}
        <Button className="button" onPress={onMore}>
          Try again
        </Button>
      </p>
    );
  return <p className="list-end faint">{hasMore ? `Loading more ${what} …` : `No more ${what}`}</p>;
}
