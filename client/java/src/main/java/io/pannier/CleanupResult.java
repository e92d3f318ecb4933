package io.pannier;

/**
 * What a clean-up did.
 *
 * @param removed how many expired records it removed
 * @param more whether its limit or its time ended it: call again for the rest
 */
public record CleanupResult(long removed, boolean more) {}
