"""Id tags: the same whatever the case of their letters."""

from datetime import datetime

from irve_bridge.domain.id_tag import IdTag, IdTagStatus
from irve_bridge.service.ports import Storage, Tx


async def test_a_tag_is_found_in_any_case_as_it_was_put_last(
    storage: Storage, now: datetime
) -> None:
    blocked = IdTag(
        id_tag="04AB",
        status=IdTagStatus.BLOCKED,
        parent_id_tag="FLEET",
        expires_at=now,
        name="Ada",
    )

    def unit(tx: Tx) -> None:
        tx.id_tags.put(IdTag(id_tag="04ab"))
        assert tx.id_tags.get("04Ab") == IdTag(id_tag="04AB")
        tx.id_tags.put(blocked)

    await storage.transact(unit)
    assert await storage.read(lambda tx: tx.id_tags.get("04aB")) == blocked


async def test_tags_are_listed_in_order_page_by_page(storage: Storage) -> None:
    def unit(tx: Tx) -> None:
        for name in ("C", "a", "B"):
            tx.id_tags.put(IdTag(id_tag=name))
        assert [tag.id_tag for tag in tx.id_tags.after("", 2)] == ["A", "B"]
        assert [tag.id_tag for tag in tx.id_tags.after("b", 2)] == ["C"]

    await storage.transact(unit)


async def test_a_tag_is_forgotten_once(storage: Storage) -> None:
    def unit(tx: Tx) -> tuple[bool, bool]:
        tx.id_tags.put(IdTag(id_tag="A"))
        return tx.id_tags.remove("a"), tx.id_tags.remove("A")

    assert await storage.transact(unit) == (True, False)
