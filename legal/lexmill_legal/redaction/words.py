"""Words with capitals beside names, and words with capitals that are no names."""

from typing import Final

TITLES: Final = frozenset(
    """
    mr mrs ms miss mx dr prof professor sir dame lord lady hon honorable rev reverend messrs
    herr frau monsieur madame mme mlle señor señora senor senora sr sra dott judge justice
    captain capt col sgt
    """.split()  # noqa: SIM905
)
LABELS: Final = frozenset(
    """
    name by its title date dated attention attn signed signature witness witnessed print printed
    contact from to cc bcc subject sent re dear per
    """.split()  # noqa: SIM905
)
OFFICES: Final = frozenset(
    """
    ceo cfo coo cto cio president vice director secretary treasurer chairman chairwoman
    chairperson chair partner manager counsel attorney lawyer officer representative agent
    employee executive consultant contractor trustee guarantor witness notary spouse wife
    husband physician doctor nurse engineer founder cofounder shareholder owner administrator
    supervisor head lead chief managing general senior junior deputy assistant associate
    controller signatory borrower tenant landlord lessee lessor buyer seller beneficiary
    executor inventor author artist coordinator analyst accountant auditor advisor adviser
    commissioner ambassador governor mayor clerk principal investigator candidate applicant
    patient claimant defendant plaintiff respondent petitioner member editor specialist
    technician architect designer developer superintendent inspector broker custodian guardian
    vp svp evp avp md gc human resources
    """.split()  # noqa: SIM905
)
# Words that contracts write with capitals, and what companies, places and papers are called.
NO_NAMES: Final = frozenset(
    """
    the this that these those and or of for in on at to a an by with from as if any all each
    every no not such agreement contract lease license licence amendment addendum exhibit
    schedule annex appendix section article clause paragraph part parties party company
    corporation corp inc incorporated llc llp lp ltd limited plc gmbh ag sa nv bv group holdings
    holding partners partnership capital fund trust bank banking association institute
    university college school hospital clinic department ministry agency authority court county
    state city town republic federal federation kingdom united states america american english
    england wales scotland ireland britain british european europe canada australia india china
    russia russian germany german france french street avenue road drive lane boulevard suite
    floor building box house tower square place way park center centre board committee
    commission council congress senate office bureau service services product products software
    system systems technology technologies solution solutions international national global
    worldwide industries industry energy media entertainment pharmaceuticals pharma insurance
    foundation consulting consultants engineering enterprises ventures logistics trading
    investments investment management marketing sales effective date term period notice notices
    confidential information intellectual property rights right territory field use force
    majeure governing law laws act code rule rules regulation regulations policy policies
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday north south east west northern southern
    eastern western new york los angeles san francisco london moscow paris berlin tokyo hong
    kong singapore washington delaware california texas florida illinois nevada ohio boston
    chicago jersey massachusetts virginia georgia whereas witnesseth now therefore hereby herein
    hereof hereinafter recitals background definitions interpretation general miscellaneous
    entire severability waiver assignment termination indemnification limitation liability
    warranty warranties representations covenants payment payments fee fees price purchase order
    orders invoice work statement deliverables deliverable acceptance delivery shipment customer
    client supplier vendor provider distributor licensor licensee franchisor franchisee reseller
    purchaser employer lender grantor assignor assignee disclosing receiving recipient discloser
    affiliate affiliates subsidiary subsidiaries business day days month year years annual
    quarterly monthly net gross revenue revenues profit cost costs expense expenses tax taxes
    vat table contents page signature signatures sincerely regards yours truly hello hi dear
    thank thanks please see note witness whereof counterparts headings attachment certificate
    certification form forms account accounts number numbers phone telephone fax email mobile
    address zip postal iban swift card passport ssn social security driver id birth born
    identity intended copy original draft final version revised restated amended master main sub
    non stock shares share option options common preferred class series notes bond bonds
    securities exchange market markets nasdaq nyse sec irs fda gdpr usd eur gbp dollars dollar
    euros euro pounds project program programme plan platform network website site app data
    privacy protection personal internet web online digital cloud hardware equipment materials
    goods inventory quality control standard standards specification specifications performance
    support maintenance training research development science sciences health medical care life
    financial finance economic legal real estate land premises lot unit apartment residence both
    either neither one two three four five six seven eight nine ten first second third
    employment salary compensation bonus benefits severance vacation leave duties position tel
    e-mail treatment requested originator originators retirement income rating agencies
    restricted trademark trademarks function printed wireless sale club government exclusive
    initial additional certain division team desk records administration compliance operations
    affairs relations procurement asset backed surveillance artists escrow funds news press
    release source copyright reserved i we you he she it they our your their his her its my me
    us them who which what when where upon unless until during after before between among within
    without under over above below per shall will must can could would should is are was were be
    been being has have had do does did
    """.split()  # noqa: SIM905
)
ALSO_SURNAMES: Final = frozenset(
    """
    price day law march may august north west east page park lane house street way square field
    first new york london paris bond court sales wells banks case work works rights mark young long
    short rich major grant england french german english wales holland france berlin
    """.split()  # noqa: SIM905
)
"""Words that are a surname where a title or a form says that a name follows."""
