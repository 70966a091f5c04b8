/** Turns at what does so many things at a time; the others wait in order. */
export interface Turns {
  /** Rejects while none of those whose turn it is comes back. */
  begin(): Promise<Turn>;
}

export interface Turn {
  /**
   * Notes that it does not come back in time. It stays taken until `end`: where all are stuck, who waits for one is sent away, and who
   * comes too.
   */
  stick(): void;
  end(): void;
}

/** @param refusal - What those are told who cannot have a turn. */
export function createTurns(most: number, refusal: () => Error): Turns {
  const waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  let taken = 0;
  let stuck = 0;
  return {
    async begin() {
      if (stuck === most) throw refusal();
      if (taken < most) taken++;
      else await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
      let isStuck = false;
      return {
        stick() {
          isStuck = true;
          stuck++;
          if (stuck === most) for (const { reject } of waiting.splice(0)) reject(refusal());
        },
        end() {
          if (isStuck) stuck--;
          const next = waiting.shift();
          if (next === undefined) taken--;
          else next.resolve();
        },
      };
    },
  };
}
