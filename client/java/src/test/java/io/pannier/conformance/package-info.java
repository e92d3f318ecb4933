/** The conformance runner of the Java client; see tests/conformance/README.md. */
package io.pannier.conformance;
