"""What we want to trade: functions from a quote to intents. They know no exchange and no limit."""
