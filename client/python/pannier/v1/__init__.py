"""Generated from protos/pannier/v1 by `make proto`. Not edited by hand."""
