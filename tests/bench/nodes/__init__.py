"""`make load`: what nodes hold on PostgreSQL and NATS."""
