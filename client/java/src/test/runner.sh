#!/bin/sh
# The conformance runner of the Java client. Only what is measured is worth compiling well.
quick=''
test "$1" = scenarios && quick='-XX:+UseSerialGC -XX:TieredStopAtLevel=1'
exec java $quick -cp '@CLASSES@:@JARS@' io.pannier.conformance.Runner "$@"
