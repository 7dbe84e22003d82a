"""One open transaction, room by room."""

from sqlalchemy import Connection

from irve_bridge.service import ports
from irve_bridge.storage.accounts import SqlAccounts
from irve_bridge.storage.books import SqlBooks
from irve_bridge.storage.cdrs import SqlCdrs
from irve_bridge.storage.charging_profiles import SqlChargingProfiles
from irve_bridge.storage.configuration import SqlConfiguration
from irve_bridge.storage.exports import SqlExports
from irve_bridge.storage.id_tags import SqlIdTags
from irve_bridge.storage.inbox import SqlInbox
from irve_bridge.storage.intents import SqlIntents
from irve_bridge.storage.listings import SqlListings
from irve_bridge.storage.nodes import SqlNodes
from irve_bridge.storage.operations import SqlCommands, SqlStationEvents
from irve_bridge.storage.receipts import SqlReceipts
from irve_bridge.storage.replies import SqlReplies
from irve_bridge.storage.reservations import SqlReservations
from irve_bridge.storage.searches import SqlSearches
from irve_bridge.storage.sessions import SqlSessions
from irve_bridge.storage.signatures import SqlSignatures
from irve_bridge.storage.stations import SqlStations
from irve_bridge.storage.strangers import SqlStrangers
from irve_bridge.storage.tallies import SqlTallies
from irve_bridge.storage.transactions import SqlTransactions
from irve_bridge.storage.turns import Turns


class SqlTx:
    """Implements `ports.Tx` on a connection whose transaction somebody else begins and ends."""

    def __init__(self, connection: Connection) -> None:
        turns = Turns(connection)
        self.nodes: ports.Nodes = SqlNodes(connection)
        self.stations: ports.Stations = SqlStations(connection, turns)
        self.id_tags: ports.IdTags = SqlIdTags(connection)
        self.configuration: ports.Configuration = SqlConfiguration(connection)
        self.transactions: ports.Transactions = SqlTransactions(connection, turns)
        self.signatures: ports.Signatures = SqlSignatures(connection, turns)
        self.sessions: ports.Sessions = SqlSessions(connection, turns)
        self.intents: ports.Intents = SqlIntents(connection, turns)
        self.inbox: ports.Inbox = SqlInbox(connection)
        self.books: ports.Books = SqlBooks(connection)
        self.cdrs: ports.Cdrs = SqlCdrs(connection)
        self.receipts: ports.Receipts = SqlReceipts(connection)
        self.replies: ports.Replies = SqlReplies(connection)
        self.commands: ports.Commands = SqlCommands(connection)
        self.station_events: ports.StationEvents = SqlStationEvents(connection)
        self.reservations: ports.Reservations = SqlReservations(connection)
        self.charging_profiles: ports.ChargingProfiles = SqlChargingProfiles(connection)
        self.strangers: ports.Strangers = SqlStrangers(connection)
        self.listings: ports.Listings = SqlListings(connection)
        self.tallies: ports.Tallies = SqlTallies(connection)
        self.searches: ports.Searches = SqlSearches(connection)
        self.accounts: ports.Accounts = SqlAccounts(connection)
        self.exports: ports.Exports = SqlExports(connection)
