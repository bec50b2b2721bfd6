# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings on OpenManage Enterprise in French: a catalogue of the English texts, in the terms of the French edition of Dell's article.

``%s`` stands for a value, which may be a text of the catalogue itself. Codes and the appliance's own messages are not translated.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Dict, List, Optional, Pattern, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding

#: what a person can do: English and French
ADVICE_TEXTS: Tuple[Tuple[str, str], ...] = (
    (
        "Have the certificate issued again with exactly one common name, without a wildcard; CA certificates need a common name too.",
        "Faites émettre à nouveau le certificat avec un seul nom commun, sans caractère générique (*) ; les certificats des autorités de "
        "certification ont aussi besoin d'un nom commun.",
    ),
    (
        "Correct the appliance's clock, or reissue the certificate.",
        "Corrigez la date et l'heure de l'appliance, ou faites émettre à nouveau le certificat.",
    ),
    ("Renew it in the next change window.", "Renouvelez-le lors de la prochaine fenêtre de maintenance."),
    (
        "Put the appliance's certificate first and after each certificate its issuer's, the root last, each of them once.",
        "Placez le certificat de l'appliance en premier, après chaque certificat celui de son émetteur (Émis par), et le certificat racine en "
        "dernier, chacun une seule fois.",
    ),
    (
        "Include every CA certificate up to the self-signed root (cert_chain_build with include_root).",
        "Incluez le certificat racine et tous les certificats des autorités de certification intermédiaires (cert_chain_build avec include_root).",
    ),
    (
        "Have the certificate issued by a CA that is nearer to the root.",
        "Faites émettre le certificat par une autorité de certification plus proche de la racine.",
    ),
    (
        "Have both certificates issued by the same CA, and give both chains the same CA certificates.",
        "Faites émettre les deux certificats par la même autorité de certification : à chaque niveau, les deux chaînes doivent comporter les mêmes "
        "noms Émis à et Émis par.",
    ),
    (
        "Have the certificate issued again from a template with server authentication.",
        "Faites émettre à nouveau le certificat à partir d'un modèle qui inclut l'authentification du serveur.",
    ),
    (
        "Have the certificate issued again from a template with both server and client authentication: in a migration each appliance is server and client.",
        "Faites émettre à nouveau le certificat à partir d'un modèle qui inclut l'authentification du serveur et l'authentification du client : "
        "lors d'une migration, chaque appliance fait office de serveur et de client.",
    ),
    (
        "Have the certificate issued again from a template with key encipherment. For a migration, upload the chain. If the CA has no such template "
        "for your type of key, use an RSA key.",
        "Faites émettre à nouveau le certificat à partir d'un modèle qui inclut le chiffrement des clés. Pour une migration, téléchargez la chaîne "
        "de certificats complète, et non le certificat de serveur unique. Si l'autorité de certification n'a pas de tel modèle pour votre type de "
        "clé, utilisez une clé RSA.",
    ),
    (
        "Have the certificate issued again from a template with key encipherment. If the CA has no such template for your type of key, use an RSA key.",
        "Faites émettre à nouveau le certificat à partir d'un modèle qui inclut le chiffrement des clés. Si l'autorité de certification n'a pas de "
        "tel modèle pour votre type de clé, utilisez une clé RSA.",
    ),
    (
        "Make a new request on this appliance and have the certificate issued for it; earlier requests are no longer valid.",
        "Créez une nouvelle demande de signature de certificat (CSR) sur cette appliance et faites émettre le certificat pour celle-ci ; les "
        "demandes antérieures ne sont plus valides.",
    ),
    (
        "Export it again as Base64 (PEM), without anything else in the file; cert_chain_build writes such files.",
        "Enregistrez à nouveau le certificat à l'aide du codage en base 64 (PEM), sans rien d'autre dans le fichier ; cert_chain_build écrit de tels fichiers.",
    ),
    (
        "Connect by a name of the certificate, or reissue the certificate with the name that clients use.",
        "Connectez-vous par un nom du certificat, ou faites émettre à nouveau le certificat avec le nom que les clients utilisent.",
    ),
    (
        "Have the same CA issue both certificates for server and client authentication, and upload the whole chain to both appliances.",
        "Faites émettre les deux certificats par la même autorité de certification pour l'authentification du serveur et l'authentification du "
        "client, et téléchargez la chaîne de certificats complète sur les deux appliances.",
    ),
    ("Give the certificate as PEM or DER.", "Donnez le certificat au format PEM ou DER."),
    (
        "Check username and password; a local administrator is needed, and the account must not be locked.",
        "Vérifiez le nom d'utilisateur et le mot de passe ; il faut un administrateur local, et le compte ne doit pas être verrouillé.",
    ),
    ("Use an account that is an administrator of the appliance.", "Utilisez un compte administrateur de l'appliance."),
    (
        "The appliance has no action %s: UploadCertChain came with OpenManage Enterprise 3.10.",
        "L'appliance n'a pas d'action %s : UploadCertChain est arrivé avec OpenManage Enterprise 3.10.",
    ),
    (
        "Read the appliance's log (tomcat/application.log), and run the task again.",
        "Lisez le journal de l'appliance (tomcat/application.log), puis relancez la tâche.",
    ),
    ("Each of the findings names its remedy.", "Chaque constat indique la mesure corrective."),
)

#: what is wrong: English and French
MESSAGE_TEXTS: Tuple[Tuple[str, str], ...] = (
    ("has no common name", "aucun nom commun trouvé dans le certificat"),
    ("its common name %s has a wildcard", "son nom commun %s contient un caractère générique (*)"),
    ("expired %s (%s)", "a expiré le %s (%s)"),
    ("today", "aujourd'hui"),
    ("in %s day", "dans %s jour"),
    ("in %s days", "dans %s jours"),
    ("%s day ago", "il y a %s jour"),
    ("%s days ago", "il y a %s jours"),
    ("is valid only from %s (%s)", "n'est valide qu'à partir du %s (%s)"),
    ("expires %s (%s)", "expire le %s (%s)"),
    ("the certificates are presented in the order %s of the path", "les certificats sont dans l'ordre %s de la chaîne de certificats"),
    ("signed nothing on the path from %s", "n'a signé aucun certificat de la chaîne de %s"),
    ("is presented more than once", "figure plus d'une fois dans la chaîne de certificats"),
    ("the issuer %s of %s is missing", "il manque %s, l'autorité de certification qui a émis %s"),
    ("the leaf", "le certificat Leaf"),
    (
        "the certificate is self-signed; the chain contains no CA",
        "le certificat est auto-signé ; la chaîne de certificats ne contient aucune autorité de certification",
    ),
    (
        "the chain has %s certificates; at most %s are accepted",
        "la chaîne de certificats comporte %s certificats ; la profondeur maximale est de %s",
    ),
    ("level %s: %s here, %s there", "niveau %s : %s ici, %s sur l'autre appliance"),
    ("issued by %s", "Émis par %s"),
    ("%s issued by %s", "Émis à %s, Émis par %s"),
    ("nothing", "aucun certificat"),
    ("missing", "absente"),
    (
        "its extended key usage lacks serverAuth (%s)",
        "l'authentification du serveur (serverAuth) manque dans son utilisation étendue des clés (EKU : %s)",
    ),
    (
        "its extended key usage lacks clientAuth (%s)",
        "l'authentification du client (clientAuth) manque dans son utilisation étendue des clés (EKU : %s)",
    ),
    ("its key usage lacks keyEncipherment (%s)", "le chiffrement des clés (keyEncipherment) manque dans son utilisation des clés (%s)"),
    ("the certificate's key is %s, the request's is %s", "la clé du certificat est %s, celle de la demande de signature de certificat (CSR) est %s"),
    ("the file %s", "le fichier %s"),
    ("is binary (DER, PKCS#7 or PKCS#12)", "est binaire (DER, PKCS#7 ou PKCS#12)"),
    (
        "is not ASCII (UTF-16, a byte order mark, or other characters)",
        "n'est pas en ASCII (UTF-16, indicateur d'ordre des octets ou autres caractères)",
    ),
    ("has no BEGIN CERTIFICATE line", "n'a pas de ligne BEGIN CERTIFICATE"),
    ("has %s blocks, of which %s are plain CERTIFICATE blocks", "comporte %s blocs, dont %s sont de simples blocs CERTIFICATE"),
    ("has a CERTIFICATE block that is not a single certificate%s", "comporte un bloc CERTIFICATE qui n'est pas un seul certificat%s"),
    ("%s is not among the names of the certificate (%s)", "%s ne fait pas partie des noms du certificat (%s)"),
    ("CN %s; subject alternative name %s", "CN %s ; autre nom de l'objet (SAN) %s"),
    ("%s contains no certificate", "%s ne contient aucun certificat"),
    ("here to peer: %s", "de cette appliance vers l'autre : %s"),
    ("peer to here: %s", "de l'autre appliance vers celle-ci : %s"),
    ("the client refuses the server: %s", "le client refuse le serveur : %s"),
    ("the server refuses the client: %s", "le serveur refuse le client : %s"),
    ("the appliance answers %s (the same answer as to %s)", "l'appliance répond %s (la même réponse que pour %s)"),
    ("the appliance answers %s", "l'appliance répond %s"),
    ("%s refuses %s (status %s): %s", "%s refuse %s (statut %s) : %s"),
    ("%s refuses %s (status %s)", "%s refuse %s (statut %s)"),
    ("the certificate to be issued", "le certificat à émettre"),
    ("nothing was uploaded to %s: %s", "rien n'a été téléchargé sur %s : %s"),
)

ADVICE: Dict[str, str] = dict(ADVICE_TEXTS)
MESSAGES: Dict[str, str] = dict(MESSAGE_TEXTS)


def in_french(finding: Finding) -> Finding:
    """The finding with its message, advice and subject in French."""
    about, colon, subject = finding.about.partition(": ")
    return dataclasses.replace(
        finding, message=translated(finding.message), advice=translated(finding.advice), about=(translation_of(about) or about) + colon + subject
    )


def translated(text: str) -> str:
    """The text in French; as it is if the catalogue does not have it, as the words of OpenSSL."""
    return translation_of(text) or text


def translation_of(text: str) -> Optional[str]:
    """The text in French; None if the catalogue does not have it. A list of texts is joined by semicolons."""
    parts: List[str] = text.split("; ")
    each = [_one(part) for part in parts]
    if all(part is not None for part in each):
        return " ; ".join(part for part in each if part is not None)
    return _one(text)


def _one(text: str) -> Optional[str]:
    whole = ADVICE.get(text) or MESSAGES.get(text)
    if whole:
        return whole
    for pattern, french in _patterns():
        found = pattern.fullmatch(text)
        if found:
            return french % tuple(_one(value) or value for value in found.groups())
    return None


@functools.lru_cache(maxsize=None)
def _patterns() -> Tuple[Tuple[Pattern[str], str], ...]:
    """The texts with values: those with the most words of their own first, because a value matches anything."""
    templates = {english: french for catalogue in (ADVICE, MESSAGES) for english, french in catalogue.items() if "%s" in english}
    ordered = sorted(templates, key=lambda english: -len(english.replace("%s", "")))
    return tuple((re.compile(re.escape(english).replace("%s", "(.*?)"), re.DOTALL), templates[english]) for english in ordered)
