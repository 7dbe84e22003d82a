"""Alembic's environment: it runs inside the transaction that `migrate` opened."""

from alembic import context

from irve_bridge.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
