/**
 * Java client for Pannier, the gRPC storage sidecar for versioned records.
 *
 * <p>{@link io.pannier.Pannier#connect()} gives a {@link io.pannier.PannierStore}; everything else
 * is what its methods take, return and throw. The package {@code io.pannier.v1} holds the generated
 * code of the contract, which this one keeps to itself.
 *
 * @serial exclude
 */
package io.pannier;
