import type { ComponentChildren } from 'preact';

interface NoticeProps {
  readonly kind: 'bad' | 'good' | 'note';
  readonly children: ComponentChildren;
}

const MARKS = { bad: '✕', good: '✓', note: 'i' } as const;

/** A sentence that matters, with a mark that does not depend on colours. */
export const Notice = ({ kind, children }: NoticeProps) => (
  <div class={`notice ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
    <span class="mark" aria-hidden="true">
      {MARKS[kind]}
    </span>
    <div>{children}</div>
  </div>
);
