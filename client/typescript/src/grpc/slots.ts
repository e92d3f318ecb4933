import { outOfTime, whenOver, type Limits } from "./limits.js";

// Node.js keeps the calls that the other side has no room for yet, with all their data.
const MOST = 1_000;

/** How many calls may run on a connection at a time; the others wait for their turn, in order. */
export class Slots {
  readonly #waiting = new Set<(isOpen: boolean) => void>();
  #limit = 0;
  #taken = 0;

  /** Takes what the other side allows from now on. */
  allow(limit: number): void {
    this.#limit = Math.min(limit, MOST);
    for (const turn of this.#waiting) {
      if (!this.tryTake()) return;
      this.#pass(turn, true);
    }
  }

  /** Takes a slot where one is free; else returns false. */
  tryTake(): boolean {
    if (this.#taken >= this.#limit) return false;
    this.#taken += 1;
    return true;
  }

  /**
   * Waits for a slot and takes it; returns false where the connection takes no more calls.
   *
   * @throws RpcError - The caller's time was over first.
   */
  async take(limits: Limits): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const disarm = whenOver(limits, (aborted) => {
        this.#waiting.delete(turn);
        reject(aborted ? limits.signal?.reason : outOfTime(true));
      });
      function turn(isOpen: boolean): void {
        disarm();
        resolve(isOpen);
      }
      this.#waiting.add(turn);
    });
  }

  /** Gives a slot back, to who waits for longest. */
  giveBack(): void {
    const [next] = this.#waiting;
    if (next) this.#pass(next, true);
    else this.#taken -= 1;
  }

  /** Sends all who wait away: the connection takes no more calls. */
  end(): void {
    this.#limit = 0;
    for (const turn of this.#waiting) this.#pass(turn, false);
  }

  #pass(turn: (isOpen: boolean) => void, isOpen: boolean): void {
    this.#waiting.delete(turn);
    turn(isOpen);
  }
}
