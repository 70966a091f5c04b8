/** Octets that count how often one of them is looked at, whoever holds a view of them. */
export interface CountedOctets {
  readonly octets: Uint8Array;
  readonly looks: () => number;
}

/** Work on octets is reading them: twice as many that are looked at twice as often each are four times the work. */
export function counted(bytes: Uint8Array): CountedOctets {
  let looks = 0;
  const watch = (view: Uint8Array): Uint8Array =>
    new Proxy(view, {
      get(target, property) {
        if (typeof property === 'string' && /^\d+$/.test(property)) {
          looks++;
          return target[Number(property)];
        }
        if (property === 'subarray') return (start?: number, end?: number) => watch(target.subarray(start, end));
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) => {
          looks += target.length; // methods of arrays go through all of it
          return Reflect.apply(value, target, args);
        };
      },
    });
  return { octets: watch(bytes), looks: () => looks };
}
