//! What a caller, a target, a run or a machine can do wrong stays with it: a file for each thing that is attacked.

mod slow;
