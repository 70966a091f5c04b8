import type { ComponentChildren, ComponentProps, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows that are drawn beyond what is seen, on either side. */
const MARGIN = 8;

interface VirtualRowsProps extends Omit<ComponentProps<'div'>, 'ref'> {
  readonly count: number;
  /** Pixels; every row has the same. */
  readonly rowHeight: number;
  /** Row that is kept in sight: scrolled to when it changes. */
  readonly shown?: number | undefined;
  readonly row: (index: number) => ComponentChildren;
  readonly frame?: RefObject<HTMLDivElement | null>;
}

/** A scrolling list that draws the rows in sight only, however many there are. */
export function VirtualRows({ count, rowHeight, shown, row, frame, ...attributes }: VirtualRowsProps) {
  const own = useRef<HTMLDivElement>(null);
  const ref = frame ?? own;
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);

  useLayoutEffect(() => {
    const element = ref.current!;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);

  useEffect(() => {
    const element = ref.current!;
    if (shown === undefined || shown < 0) return;
    const start = shown * rowHeight;
    if (start < element.scrollTop) element.scrollTop = Math.max(0, start - rowHeight);
    else if (start + 2 * rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = start + 2 * rowHeight - element.clientHeight;
  }, [shown, rowHeight, ref]);

  const first = Math.max(0, Math.floor(top / rowHeight) - MARGIN);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + MARGIN);
  const rows: ComponentChildren[] = [];
  for (let index = first; index < last; index++) rows.push(row(index));
  return (
    <div {...attributes} ref={ref} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <div class="virtual" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        <div class="virtual-rows" role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  );
}
