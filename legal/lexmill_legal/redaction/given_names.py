"""Names that make a capitalised word a person's: a help beside the words around it, not a must."""

from typing import Final

ENGLISH: Final = frozenset(
    """
    aaron abdul abdullah abigail adam adrian adriana agnes ahmad ahmed aidan aisha akira alan
    albert alberto alejandra alejandro aleksandr alex alexander alexandra alexei alexey alexis
    alfonso alfred ali alice alicia alison allan allen allison alyssa amanda amber amelia amina
    amir amit amy ana anastasia anders andre andrea andreas andrei andrew andrey andrzej andy
    angela angelina angelo anita anjali ann anna anne annette annie anthony antoine anton
    antonio aparna ariel arjun arnold arthur arturo arun ashley ashok astrid audrey austin avery
    barbara barry beatrice beatriz benedict benjamin bernard bernadette bernd beth bethany betty
    beverly birgit bjorn bogdan bonnie boris bradley brandon brenda brendan brent brett brian
    bridget brooke bruce bruno bryan caitlin calvin cameron camille candice carl carla carlos
    carmen carol carole caroline carolyn carrie casey catherine cecilia cedric celia chad
    chandra charlene charles charlie charlotte chelsea cheng cheryl chloe chris christian
    christiane christina christine christoph christopher cindy claire clara clarence claude
    claudia claudio clifford clinton colin colleen connie connor constance corey cornelius
    courtney craig cristina curtis cynthia daisuke dale dan daniel daniela danielle danny daria
    darius darlene darrell darren dave david deborah debra deepak denis denise dennis derek
    desmond diana diane diego dieter dimitri dirk dmitri dmitry dolores dominic dominique donald
    donna dora doreen doris dorothy douglas duncan dustin dylan eddie edgar edith eduardo edward
    edwin eileen elaine eleanor elena elias elijah elisabeth elise elizabeth ella ellen elliot
    elsa emil emilia emily emma emmanuel enrico enrique eric erica erik erika erin ernest
    ernesto esther ethan etienne eugene eva evelyn evgeny fatima federico felicia felipe felix
    fernando fiona florence frances francesca francesco francis francisco francois franklin
    franz fred frederick friedrich fritz gabriel gabriela gareth gary gavin geoffrey george
    georgia gerald geraldine gerard gerhard giacomo gianluca gilbert gina giorgio giovanni
    giuseppe gladys glen glenn gloria gordon greg gregory greta guillaume guillermo gunther
    gustav gustavo guy gwendolyn hannah hans harold harriet harry harvey hassan heather hector
    heidi heinrich heinz helen helena helga henri henrik henry herbert herman hiroshi holger
    holly horst howard hubert hugh hugo hussein ian ibrahim ida ignacio igor ingrid ira irene
    irina iris irving isaac isabel isabella isaiah ivan jack jackie jacob jacqueline jacques
    jaime jake james jamie jan jane janet janice jared jasmine jason javier jean jeanette jeff
    jeffrey jennifer jenny jeremiah jeremy jerome jerry jesse jessica jesus jill jim jimmy jin
    joan joann joanna joanne joaquin joe joel johan johann johanna johannes john johnny jon
    jonas jonathan jorge jose josef joseph josephine joshua joyce juan juanita judith judy julia
    julian juliana julie juliet julio june jurgen justin kaitlyn karen karin karl karla kate
    katherine kathleen kathryn kathy katie kayla keith kelly ken kenji kenneth kent kerry kevin
    khalid kim kimberly kirk klaus konstantin kris krishna kristen kristin kristina kumar kurt
    kyle lakshmi larry lars laura lauren laurence laurent lawrence leah lee leif leigh lena leo
    leon leonard leonardo leopold leroy leslie lewis liam lillian lily linda lindsay lindsey
    lisa liu lloyd lois lola lorenzo loretta lori lorraine louis louise lourdes luc luca lucas
    lucia lucille lucy ludmila ludwig luis luisa luke lydia lynn mabel madeleine madison
    magdalena maksim malcolm manfred manuel marc marcel marcela marcia marco marcus margaret
    margarita maria mariana marie marilyn marina mario marion marjorie mark marko marlene marsha
    martha martin martina marvin mary masato mateo mathew mathias mathieu matteo matthew
    matthias maureen maurice mauricio max maxim maxime maximilian maxine megan mehmet mei
    melanie melinda melissa mercedes meredith michael michaela michel michele michelle miguel
    mikael mikhail mildred milton mina miranda miriam mitchell mohamed mohammad mohammed moira
    molly monica monika monique morgan morris moses muhammad muriel murray mustafa myra nadia
    nancy naomi natalia natalie natasha nathan nathaniel neha neil nelson nicholas nicola
    nicolas nicole nigel nikhil nikita nikolai nikolay nina noah noel nora norma norman norbert
    oleg oliver olivia omar oscar otto owen pablo pamela paola paolo pascal patricia patrick
    paul paula paulina pauline pavel pedro peggy penelope peter petra philip philippe phillip
    phyllis pierre piotr priya priyanka rachel rafael raj rajesh ralph ramon randall randy
    raphael raquel raul ravi raymond rebecca regina reginald reinhard rene renee ricardo richard
    rick ricky rita robert roberta roberto robin rodney rodrigo roger roland rolf roman ronald
    rosa rosalind rosemary roy ruben rudolf rupert russell ruth ryan sabine sally salvador sam
    samantha samir samuel sandra sandy sanjay santiago sara sarah satoshi scott sean sebastian
    serge sergei sergey sergio seth shannon sharon shaun shawn sheila shelley shirley sidney
    siegfried sigrid silvia simon simone sofia sonia sophia sophie stacey stanley stefan stefano
    stella stephan stephanie stephen steve steven stuart sue sunil suresh susan susanna susanne
    suzanne svetlana sven sylvia takashi tamara tammy tanya tara tatiana taylor ted teresa
    terrence terry thelma theodore theresa therese thierry thomas tiffany tim timothy tina
    tobias todd tom tommy toni tony tracy travis trevor tricia troy tyler ulrich ursula uwe
    valentina valeria valerie vanessa vera vernon veronica victor victoria vijay vikram vincent
    vincenzo viola violet virginia vivian vladimir walter wanda warren wayne wei wendy werner
    wesley wilfred wilhelm william wolfgang xavier xin yan yasmin yi yolanda yuki yuri yusuf
    yves yvonne zachary zhang zoe
    """.split()  # noqa: SIM905 - a thousand quotation marks help nobody
)
"""Folded given names as English contracts have them."""

ALSO_WORDS: Final = frozenset(
    """
    art austin august may june april dale dawn dean drew faith grace grant guy hope iris jack
    joy lance lee mark max mercedes miles norm page pat penny rich rick rob robin rose ruby
    sandy skip sue summer terry victoria virginia georgia florence charlotte madison jordan kent
    carol chase frank gene glen harry heather holly ida jan jay jean kim kirk lane lily major
    morgan nelson noel norma olive paris pearl ray reed rex roman roy royal sam scott sterling
    stone taylor theresa troy violet wade ward warren will wei yan yi jin cheng liu zhang chad
    bill bob don jesus man
    """.split()  # noqa: SIM905
)
"""Given names that are words, places or surnames, too: alone they prove nothing."""

SURNAMES: Final = frozenset(
    """
    smith johnson williams jones davis miller wilson anderson thomas jackson harris thompson
    garcia martinez robinson clark rodriguez lewis walker allen hernandez wright lopez gonzalez
    adams nelson carter mitchell perez roberts turner phillips campbell evans edwards collins
    stewart sanchez morris rogers murphy bailey rivera cooper richardson howard torres peterson
    ramirez watson kelly sanders bennett barnes henderson coleman jenkins powell patterson
    hughes washington simmons bryant alexander russell griffin diaz hayes myers hamilton graham
    sullivan wallace woods cole owens reynolds fisher ellis harrison gibson mcdonald cruz
    marshall ortiz gomez murray freeman wells webb simpson stevens tucker porter hunter hicks
    crawford henry boyd mason morales kennedy warren dixon ramos burns gordon shaw holmes
    robertson hunt daniels palmer nichols ferguson hawkins dunn perkins hudson spencer gardner
    stephens payne pierce matthews arnold wagner willis hoffman patel singh kumar sharma gupta
    shah khan ali ahmed hussain chen wang li zhang liu yang huang zhao wu zhou nguyen tran pham
    hoang park choi kang tanaka suzuki sato watanabe ito yamamoto nakamura muller schmidt
    schneider fischer weber meyer becker schulz hoffmann koch bauer richter wolf schroder
    neumann schwarz zimmermann krause lehmann dubois durand leroy moreau laurent lefebvre rossi
    russo ferrari esposito bianchi romano colombo ricci silva santos oliveira souza pereira
    costa ferreira almeida jansen jong vries berg bakker visser novak svoboda kowalski nowak
    popescu petrov ivanov sidorov smirnov kuznetsov johansson andersson karlsson nilsson
    eriksson hansen olsen larsen nielsen jensen pedersen virtanen korhonen byrne oconnor obrien
    oneill macdonald mackenzie fraser
    """.split()  # noqa: SIM905
)

RUSSIAN: Final = frozenset(
    """
    александр алексе анатоли андре антон аркади артем артур афанаси богдан борис вадим валенти
    валентин валери васили виктор витали владимир владислав вячеслав геннади георги герман глеб
    григори даниил данил денис дмитри евгени егор ефим захар иван игор иль ильдар кирилл
    константин лев леонид магомед макар максим марат марк матве михаил никит никола олег павел
    петр равил рамил ринат роман руслан рустам русла савели семен серге станислав степан тимофе
    тимур федор филипп эдуард эльдар эмил юри яков ярослав алин алис алл анастаси анжел ангелин
    ан анн антонин варвар вер вероник виктори галин дарь диан екатерин елен елизавет жанн зинаид
    зо инг инн ирин карин кир клавди ксени кристин ларис лиди лили любов людмил маргарит марин
    мари марь надежд натали наталь нелл нин оксан ольг полин раис регин рит римм светлан софи
    софь тамар татьян таис ульян фаин эльвир эмм юли ян
    """.split()  # noqa: SIM905
)
"""Given names without the endings that cases change."""
