"""What the authorities say: anchors, certification paths, verdicts."""
