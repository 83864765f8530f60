"""What is kept of the people received, and their rights over it: the register, the export, requests, elimination.

The visitor lives on this floor, so all of it does. A floor above says what it holds of her in a `Holder`, named in
`PERSONAL_DATA_HOLDERS` (settings); nothing here knows its tables.
"""
