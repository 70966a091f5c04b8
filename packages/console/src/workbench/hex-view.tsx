import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Field } from '../inspect/field.js';
import { allFields } from '../inspect/field.js';
import { VirtualRows } from '../view/virtual-rows.js';

const ROW_HEIGHT = 22;

interface HexViewProps {
  readonly bytes: Uint8Array;
  readonly root: Field;
  readonly selected: Field;
  readonly hovered: Field | undefined;
  /** Byte that is pointed at, for example that of a fault. */
  readonly cursor: number;
  readonly isRevealed: boolean;
  readonly onSelect: (offset: number) => void;
  readonly onHover: (offset: number | undefined) => void;
}

const HEX = /* @__PURE__ */ Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/** The octets of the structure; those of the field that is chosen are marked, those of a private key are dots. */
export function HexView({ bytes, root, selected, hovered, cursor, isRevealed, onSelect, onHover }: HexViewProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(16);
  useLayoutEffect(() => {
    const element = frame.current!;
    const fit = () => setWidth(element.clientWidth < 500 ? 8 : 16);
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const secrets = useMemo(
    () => (isRevealed ? [] : [...allFields(root)].filter((field) => field.isSecret)),
    [root, isRevealed],
  );
  const isHidden = (at: number): boolean => secrets.some(({ contentOffset, end }) => at >= contentOffset && at < end);
  const classOf = (at: number): string => {
    const isIn = at >= selected.offset && at < selected.end;
    const isHovered = hovered !== undefined && at >= hovered.offset && at < hovered.end;
    const classes = [
      isIn && (at < selected.contentOffset ? 'chosen header' : 'chosen'),
      isHovered && 'hovered',
      at === cursor && 'cursor',
    ];
    return classes.filter(Boolean).join(' ');
  };
  const move = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: width, ArrowUp: -width };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onSelect(Math.min(bytes.length - 1, Math.max(0, cursor + step)));
  };
  const offsetOf = (event: MouseEvent): number | undefined => {
    const found = (event.target as Element).closest('[data-at]')?.getAttribute('data-at');
    return found === null || found === undefined ? undefined : Number(found);
  };
  return (
    <VirtualRows
      frame={frame}
      class="hex"
      role="group"
      aria-label="Octets; arrow keys move from octet to octet"
      tabIndex={0}
      onKeyDown={move}
      onMouseOver={(event: MouseEvent) => onHover(offsetOf(event))}
      onMouseLeave={() => onHover(undefined)}
      onClick={(event: MouseEvent) => {
        const at = offsetOf(event);
        if (at !== undefined) onSelect(at);
      }}
      count={Math.ceil(bytes.length / width)}
      rowHeight={ROW_HEIGHT}
      shown={Math.floor(Math.min(cursor, bytes.length - 1) / width)}
      row={(index) => {
        const start = index * width;
        const octets = bytes.subarray(start, start + width);
        return (
          <div class="hex-row" key={index}>
            <span class="hex-offset">{start.toString(16).padStart(4, '0')}</span>
            <span class="hex-octets">
              {Array.from(octets, (octet, i) => (
                <span key={i} data-at={start + i} class={classOf(start + i)}>
                  {isHidden(start + i) ? '••' : HEX[octet]}
                </span>
              ))}
            </span>
            <span class="hex-text" aria-hidden="true">
              {Array.from(octets, (octet, i) => (
                <span key={i} data-at={start + i} class={classOf(start + i)}>
                  {isHidden(start + i) ? '•' : octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '·'}
                </span>
              ))}
            </span>
          </div>
        );
      }}
    />
  );
}
