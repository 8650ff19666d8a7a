"""Where keys are kept, and how they are opened."""
