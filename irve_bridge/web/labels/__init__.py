"""What is stuck beside a connector: its code, its number, its prices and whom to call."""
